"""What understanding is made of, changed by editors: phrases, danger rules, regression questions; trainings and models."""
