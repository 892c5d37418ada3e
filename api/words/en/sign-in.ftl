# How leaders come in.

## Where a link leads

sign-in-title = Sign in to { $community }
sign-in-board = Sign in as a leader
sign-in-board-means = You see every invitation of your community here, and what became of it. This browser stays signed in for two weeks; sign out when it is not yours.
sign-in-home = Sign in to your household
sign-in-home-means = You see who belongs to your household here. This browser stays signed in for a year; sign out when it is not yours.
# $to: a masked address
sign-in-sent-to = This link was sent to <strong><bdi>{ $to }</bdi></strong>. That is not your address? Then do not sign in with it.
sign-in-operator = This link is the operator’s, and signs in whoever has it.
sign-in-turned-out = Somebody else is known in this browser. When you sign in, they are signed out here.
sign-in-turned-out-of = Somebody is signed in to <bdi>{ $community }</bdi> in this browser. When you sign in, they are signed out here.
sign-in-do = Sign in
sign-in-once = This link works once.

## What is not shown, and what is not taken

sign-in-later = This page cannot be shown right now
sign-in-later-why = Sending goes on as far as it can, and nothing is lost. Reload this page in a minute.
sign-in-foreign = Nothing was changed
sign-in-foreign-why = This request did not come from one of our own pages. Open the page again and press the button there.
