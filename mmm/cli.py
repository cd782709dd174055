"""The command line, a thin door to the domain and the services."""
