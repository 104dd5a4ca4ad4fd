"""What people fill in: parsed and made normal."""
