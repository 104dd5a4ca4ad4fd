"""What is told to others: the outbox, who is told, each delivery, and what goes on being wrong."""
