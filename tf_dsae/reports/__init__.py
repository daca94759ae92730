"""Output for people: pages, tables, figures, GIFs. It knows no run, data set or measure."""
