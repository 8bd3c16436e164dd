"""Reading and answering across languages by a machine: off until somebody switches it on, the original always beside it."""
