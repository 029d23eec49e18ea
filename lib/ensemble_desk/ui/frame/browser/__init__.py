"""What Streamlit's own parts cannot do in a browser: results said aloud, our words for a lost server."""
