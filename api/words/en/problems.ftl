# Who needs somebody, by what helps.
