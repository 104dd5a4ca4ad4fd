"""Who watches whom: what AWS tells of a key's uses, and the persons who wait for them to end."""
