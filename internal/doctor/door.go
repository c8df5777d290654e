package doctor

import (
	"errors"
	"fmt"

	"msg/internal/message"
)

// installAll says how to install all of msg.
const installAll = `as root, "make install" in msg's source, or install its package anew`

// startDoor says how to open the door.
const startDoor = "systemctl enable --now msg.socket; without systemd, start msgd by its script"

// judgeDoor checks what msgd says of itself.
func judgeDoor(version string, hello Hello, err error) Finding {
	var refused *message.Refusal
	var failure *message.Failure
	switch {
	case errors.As(err, &refused):
		return Finding{"msgd", Problem, refused.Problem, refused.Hint}
	case errors.As(err, &failure) && failure.Reason == message.Version:
		return Finding{"msgd", Problem, failure.Detail, installAll}
	case errors.As(err, &failure):
		return Finding{"msgd", Problem, failure.Detail + ": users reach their own terminals alone", startDoor}
	case err != nil:
		return Finding{"msgd", Problem, "it does not work: " + err.Error(), "journalctl -u msgd"}
	case hello.Version != version:
		return Finding{"msgd", Problem, fmt.Sprintf("msg is version %s, and msgd %s", version, hello.Version), installAll}
	}
	return Finding{"msgd", OK, "answers, version " + hello.Version, ""}
}
