"""From uploaded files to one table: what each file is, how its rows become channels, how files meet on the calendar."""
