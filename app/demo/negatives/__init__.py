"""Look-alikes of abuse that are legitimate: one file, one kind."""
