//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"time"
)

// compare runs the commands in turn, in another order each round, their output going
// nowhere, and prints how many milliseconds each took in each round.
func compare(rounds int, commands []string) error {
	took := make([][]float64, len(commands))
	for round := range rounds + 1 {
		for _, i := range rand.Perm(len(commands)) {
			ms, err := measure(commands[i])
			if err != nil {
				return fmt.Errorf("%s: %w", commands[i], err)
			}
			if round > 0 { // the first is to have everything in memory
				took[i] = append(took[i], ms)
			}
		}
	}
	return json.NewEncoder(os.Stdout).Encode(took)
}

func measure(command string) (ms float64, err error) {
	words := strings.Fields(command)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stderr = os.Stderr
	begun := time.Now()
	err = cmd.Run()
	return float64(time.Since(begun).Microseconds()) / 1000, err
}
