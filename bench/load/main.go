// Command load fills rooms with people: the load of the benchmarks, in a process of its own so that its cost is not
// that of what is measured. Its speech is encoded beforehand, so that forty speakers take little of a small machine.
// Started by bench/crowd.py.
//
// Its argument is LiveKit's URL. It reads JSON objects from stdin and answers each with one line:
//
//	{"speech": [packet, …]}                        what all speakers say, again and again: Opus packets of
//	                                               20 ms in base64. Comes first, and once.
//	{"join": [{"room", "tokens": [publisher…, listener…], "publishers": n}, …], "at_once": bool}
//	                                               opens rooms, one after another unless told otherwise; answered
//	                                               with [{"room", "connected_at", "connected_ms"}, …]
//	{"leave": [room, …]}                           takes everybody out of these rooms
//
// All but joins are answered with []. The end of stdin takes everybody out and ends it. Whatever goes wrong before
// is said on stderr and ends it with a code other than zero, with no answer.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"go.uber.org/zap"
)

// order is what one line of stdin asks for; exactly one of Speech, Join and Leave is there.
type order struct {
	Speech [][]byte  `json:"speech"`
	Join   []newRoom `json:"join"`
	AtOnce bool      `json:"at_once"`
	Leave  []string  `json:"leave"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: load URL")
		os.Exit(2)
	}
	if err := obeyAll(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// obeyAll does what it reads, one order after another, until there is no more to read.
func obeyAll(url string, orders io.Reader, answers io.Writer) error {
	if err := logErrorsOnly(); err != nil {
		return err
	}
	house := newHouse(url)
	reader, writer := json.NewDecoder(orders), json.NewEncoder(answers)
	for {
		var next order
		if err := reader.Decode(&next); errors.Is(err, io.EOF) {
			house.leaveAll()
			return nil
		} else if err != nil {
			return fmt.Errorf("cannot read an order: %w", err)
		}
		answer, err := house.obey(next)
		if err != nil {
			return err
		}
		if err := writer.Encode(answer); err != nil {
			return fmt.Errorf("cannot answer: %w", err)
		}
	}
}

// logErrorsOnly keeps LiveKit's client, which tells about every connection, to what went wrong: one line each on stderr.
func logErrorsOnly() error {
	errorsOnly, err := logger.FromZapLogger(zap.NewNop(), &logger.Config{Level: "error"})
	if err != nil {
		return fmt.Errorf("cannot set up the log: %w", err)
	}
	lksdk.SetLogger(errorsOnly)
	return nil
}
