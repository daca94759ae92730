"""Models and their objective: bounds, terms, views, steps. It knows no data, runs or files."""
