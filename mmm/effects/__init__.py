"""Questions about effects asked of a fitted model: contributions, curves, ROI, carry-over, SHAP."""
