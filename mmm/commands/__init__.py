"""Commands of the `mmm` command line, one module a group."""
