"""Stand-ins for other stores, written from their published APIs, on loopback only: for tests and the demo.

    server.py       HTTP on a loopback port; remembers what it was asked, and answers wrongly where it is told to
    github.py       the secrets of GitHub Actions; opens the sealed boxes
    gitlab.py       GitLab's CI/CD variables
    kubernetes.py   Secrets and Deployments of a Kubernetes cluster
    http.py         a receiver of one's own

Each asks for a token, checks what that may do, and refuses what the real one refuses, in its words.
"""
