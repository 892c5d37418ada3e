# Who may act for the community.
