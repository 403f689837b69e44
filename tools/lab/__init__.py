"""`make lab`: random histories through the real engine while everything goes wrong, judged by a model that knows nothing of the engine."""
