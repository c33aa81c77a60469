"""`python -m crawler` is the command `dane-census`."""

from crawler.cli import main

if __name__ == "__main__":
    main()
