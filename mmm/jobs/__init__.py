"""Long work outside the web process: the SQL row is the record, a cluster of processes only runs it."""
