"""`make bench`: what the sync costs on generated records, beside a bare COPY and dlt's merge of the same rows."""
