"""The commands behind the Makefile: set up, run and inspect one checkout of Lockstep."""
