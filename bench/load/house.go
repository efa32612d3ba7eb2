package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"golang.org/x/sync/errgroup"
)

// connectTime is how long one person may take to come in: a machine that is kept busy needs more than the SDK's 5 s.
const connectTime = 15 * time.Second

// newRoom asks for people in a room: one for each token, of whom the first ones speak.
type newRoom struct {
	Room       string   `json:"room"`
	Tokens     []string `json:"tokens"`
	Publishers int      `json:"publishers"`
}

// opened tells about a room as its first person came in.
type opened struct {
	Room string `json:"room"`
	// ConnectedAt is when the connection was there, in seconds of the epoch.
	ConnectedAt float64 `json:"connected_at"`
	ConnectedMs float64 `json:"connected_ms"`
}

// house has all rooms and the people in them.
type house struct {
	url    string
	speech *speech

	mutex sync.Mutex
	// rooms holds how to take each person out, by the room's name.
	rooms map[string][]func()
	// speakers counts all who ever spoke, so that each has a place of its own in the speech.
	speakers int
}

func newHouse(url string) *house {
	return &house{url: url, rooms: map[string][]func(){}}
}

// obey returns what is to be answered.
func (h *house) obey(next order) ([]opened, error) {
	switch {
	case next.Speech != nil:
		var err error
		h.speech, err = newSpeech(next.Speech)
		return []opened{}, err
	case next.Leave != nil:
		h.leave(next.Leave)
		return []opened{}, nil
	case next.Join != nil && h.speech == nil:
		return nil, errors.New("nobody can join before there is something to say")
	case next.Join != nil:
		return h.openAll(next.Join, next.AtOnce)
	default:
		return nil, errors.New("an order for nothing")
	}
}

// openAll fills all these rooms, or fails as soon as one person cannot come in.
func (h *house) openAll(rooms []newRoom, atOnce bool) ([]opened, error) {
	answer := make([]opened, len(rooms))
	opening, unlessFailed := errgroup.WithContext(context.Background())
	if !atOnce {
		opening.SetLimit(1)
	}
	for n, room := range rooms {
		opening.Go(func() (err error) {
			answer[n], err = h.open(unlessFailed, room)
			return err
		})
	}
	return answer, opening.Wait()
}

// open brings one room's people in, one after another.
func (h *house) open(ctx context.Context, room newRoom) (first opened, err error) {
	for n, token := range room.Tokens {
		began := time.Now()
		person, err := h.enter(ctx, room.Room, token)
		if err != nil {
			return first, fmt.Errorf("%s: person %d cannot join: %w", room.Room, n, err)
		}
		if n == 0 {
			first = opened{
				Room:        room.Room,
				ConnectedAt: float64(time.Now().UnixMicro()) / 1e6,
				ConnectedMs: float64(time.Since(began).Microseconds()) / 1e3,
			}
		}
		if n < room.Publishers {
			if err := h.speak(room.Room, person); err != nil {
				return first, fmt.Errorf("%s: person %d cannot publish: %w", room.Room, n, err)
			}
		}
	}
	return first, nil
}

func (h *house) enter(ctx context.Context, room, token string) (*lksdk.Room, error) {
	person := lksdk.NewRoom(nil)
	if err := person.JoinWithContextAndToken(
		ctx,
		h.url,
		token,
		lksdk.WithAutoSubscribe(false),
		lksdk.WithCodecs(codecs),
		lksdk.WithConnectTimeout(connectTime),
	); err != nil {
		return nil, err
	}
	h.whenLeaving(room, person.Disconnect)
	return person, nil
}

// speak lets this person speak until they leave.
func (h *house) speak(room string, person *lksdk.Room) error {
	microphone, err := newMicrophone()
	if err != nil {
		return err
	}
	_, err = person.LocalParticipant.PublishTrack(microphone, &lksdk.TrackPublicationOptions{
		Name:   "microphone",
		Source: livekit.TrackSource_MICROPHONE,
	})
	if err != nil {
		return err
	}
	speaking, silence := context.WithCancel(context.Background())
	h.whenLeaving(room, silence)
	go h.speech.say(speaking, h.nextSpeaker(), microphone)
	return nil
}

func (h *house) nextSpeaker() int {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.speakers++
	return h.speakers
}

func (h *house) whenLeaving(room string, do func()) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.rooms[room] = append(h.rooms[room], do)
}

// leave returns when the server has been told about everybody; the connections may close a little later.
func (h *house) leave(rooms []string) {
	var leaving sync.WaitGroup
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for _, room := range rooms {
		for _, do := range h.rooms[room] {
			leaving.Go(do)
		}
		delete(h.rooms, room)
	}
	leaving.Wait()
}

func (h *house) leaveAll() {
	var all []string
	for room := range h.rooms {
		all = append(all, room)
	}
	h.leave(all)
}
