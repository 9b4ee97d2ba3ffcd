"""Where people and programs meet Amparo: each translates, calls one function, translates back."""
