"""The only part, with `pages/`, that knows Streamlit."""
