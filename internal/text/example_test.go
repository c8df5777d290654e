package text_test

import (
	"fmt"

	"msg/internal/text"
)

// Control characters, and marks that turn the direction of writing, are shown, not obeyed.
func ExampleClean() {
	fmt.Println(text.Clean("Reboot\x1b[2J at ten.\u202e"))
	// Output: Reboot^[[2J at ten.<U+202E>
}
