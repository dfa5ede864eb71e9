"""How good the model, its attribution and its contributions are: measured by retraining, never assumed."""
