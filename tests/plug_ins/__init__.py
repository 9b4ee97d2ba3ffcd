"""Hash types that are invented for tests, each a plug-in file as an operator would write one."""
