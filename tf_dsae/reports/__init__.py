"""Output for people: pages, tables, figures and GIFs, from arrays and models."""
