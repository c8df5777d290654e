package mine

// OpenInTime opens a terminal.
var OpenInTime = openInTime
