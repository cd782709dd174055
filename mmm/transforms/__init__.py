"""Adstock, saturation and seasonality: pure functions of arrays."""
