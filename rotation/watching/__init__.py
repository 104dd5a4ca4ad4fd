"""What AWS tells of a key's uses: written down whenever it is asked, and told to those who wait for their end."""
