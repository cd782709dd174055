"""Data in: panels, inputs, reading, checking, repairing, simulating."""
