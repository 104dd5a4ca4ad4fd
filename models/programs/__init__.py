"""The programs that read: their tokens, and what was handed to them of which key until when."""
