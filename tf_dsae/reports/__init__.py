"""Everything that people look at: pages, tables, figures and GIFs."""
