"""Model families, one file each, behind `FittedModel.expected`."""
