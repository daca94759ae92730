"""Settings of a model, its objective, and the models themselves."""
