"""What stands round every page: services, who is signed in, security headers, times, the page's chrome, error pages."""
