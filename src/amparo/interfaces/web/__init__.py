"""What console, portal and public page share: pages in two languages, cookies, forms."""
