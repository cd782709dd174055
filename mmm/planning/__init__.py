"""Questions about the future asked of a fitted model: scenarios and budgets."""
