"""People review, evidence is kept, hotlines are told, outcomes come back."""
