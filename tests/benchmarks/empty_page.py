"""One line of text: what Streamlit alone takes on this machine, which no page made with it can go below."""

import streamlit as st

st.write("empty page")
