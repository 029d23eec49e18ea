"""Ensemble Desk: page configuration, navigation, run; and, beside the pages, the doors for other systems."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is None:  # the server reads this file once
    from ensemble_desk.service import application
    from ensemble_desk.service.hosts import AllowedHosts
    from ensemble_desk.ui.frame.admission import ByAddress
    from ensemble_desk.ui.frame.browser import manners, places
    from ensemble_desk.ui.server import addresses, one_log, page_head, warmth

    settings = application.settings_or_exit()
    one_log.begin(settings)
    app = st.App(
        __file__,
        routes=application.routes(settings),
        middleware=[
            Middleware(AllowedHosts, settings=settings),
            Middleware(ByAddress, settings=settings),
            Middleware(addresses.KnownAddresses, pages=Path(__file__).with_name("pages")),
            Middleware(addresses.CompressedAssets),
            Middleware(page_head.PageHead, head=places.head() + manners.head()),
        ],
        lifespan=warmth.from_the_start("ensemble_desk.ui.overview.reads:first_visit"),
    )
else:  # and runs it for every visitor
    from ensemble_desk.ui.frame import logo, shell
    from ensemble_desk.ui.frame.browser import places

    st.set_page_config(
        page_title="Ensemble Desk", page_icon=logo.icon(), layout="wide", initial_sidebar_state=places.SIDEBAR_PX
    )
    shell.run()
