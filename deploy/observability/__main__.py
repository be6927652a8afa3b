"""`python -m deploy.observability`: write what a test holds to be up to date."""

from deploy.observability.files import write

if __name__ == "__main__":
    write()
