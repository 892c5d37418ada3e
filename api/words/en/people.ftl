# Who may act for the community.

people-title = People
people-title-mistake = Mistake: People
people-lead = Who may act for your community. An owner also manages settings and people; a leader does everything else.
people-no-owner = No owner is here by name yet. <a href="#add">Add yourself</a>, so that you can sign in by e-mail.
people-owners-only = Only owners add, change and remove leaders.
people-log = Who did what: the log

## One of them

people-you = <bdi>{ $name }</bdi> (you)
people-owner = Owner
people-leader = Leader
people-since = Since
people-signed-in = Last signed in
people-signed-in-never = Never
people-last-owner-stays = The last owner stays, until somebody else is one.
people-make-leader = Make a leader<span class="away">: { $name }</span>
people-make-owner = Make an owner<span class="away">: { $name }</span>
people-remove-one = Remove<span class="away">: { $name }</span>

## Adding somebody

people-add-yourself = Add yourself, or somebody else
people-add-somebody = Add somebody
people-name = Name
people-email = E-mail address
people-role = Role
people-add = Add
people-add-means = They get a letter, and sign in with their address: each time a link is sent to it.

## Signing out everywhere

people-everywhere = Signed in on another device?
people-everywhere-means = This ends all your sessions, here too, and makes links useless that were sent to you.
people-everywhere-means-nameless = This ends this session, and all others that began with a link from the operator.
people-everywhere-do = Sign out everywhere

## Removing somebody

people-remove-title = Remove { $name }?
people-remove-question = Remove <bdi>{ $name }</bdi>?
people-remove-question-you = Remove <bdi>{ $name }</bdi> (you)?
people-remove-means = They are signed out at once, on every device, and cannot sign in to this community any more. What was done stays in the log. An owner can add them again.
people-remove-means-you = You are signed out at once, on every device, and cannot sign in to this community any more. What was done stays in the log. An owner can add you again.
people-remove = Remove
people-keep = Keep them
people-keep-you = Keep my right
people-back = Back to the people

## What was done

people-added = Added. A letter tells them how to sign in.
people-changed = Changed.
people-removed = Removed. They are signed out everywhere.

## What was not done, and why

people-refused-there = Somebody with this address is a leader already.
people-refused-last-owner = The last owner stays. Make somebody else an owner first.
people-refused-owners-only = Only owners add, change and remove leaders. Ask one of them.
people-refused-too-many = Twenty people were added within an hour, and each gets a letter. Wait an hour, then add the next.
people-refused-name = Write a name of at most 120 characters on one line.
people-refused-email = This is no e-mail address. It should look like name@example.org.
people-refused-role = Say whether they are an owner or a leader.
