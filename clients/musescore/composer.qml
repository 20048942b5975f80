// composer in MuseScore: goes on from the score, in new bars at its end.
//
// It needs `composer serve --web` on this computer, whose address is below, and reads the
// token that the server keeps in composer's state folder. Plugins, composer.

import QtQuick 2.9
import MuseScore 3.0
import FileIO 3.0

MuseScore {
    menuPath: "Plugins.composer"
    description: "composer goes on from the score, in new bars at its end."
    version: "1.0"
    requiresScore: true

    property string address: "http://127.0.0.1:9180"
    property int bars: 4
    property string home: tokenFile.homePath()

    FileIO {
        id: tokenFile
        onError: console.log("composer: " + msg)
    }

    function token() {
        var places = [
            "/.local/state/composer/web-token",
            "/Library/Application Support/composer/web-token",
            "/AppData/Local/composer/web-token"
        ]
        for (var i = 0; i < places.length; ++i) {
            tokenFile.source = home + places[i]
            if (tokenFile.exists())
                return tokenFile.read().trim()
        }
        return ""
    }

    // The notes of the score, in quarter notes, a part to a staff.
    function notes() {
        var found = []
        for (var staff = 0; staff < curScore.nstaves; ++staff) {
            for (var voice = 0; voice < 4; ++voice) {
                var cursor = curScore.newCursor()
                cursor.staffIdx = staff
                cursor.voice = voice
                cursor.rewind(0)
                while (cursor.segment) {
                    var chord = cursor.element
                    if (chord && chord.type === Element.CHORD) {
                        var ticks = chord.actualDuration ? chord.actualDuration.ticks
                                                         : chord.duration.ticks
                        for (var i = 0; i < chord.notes.length; ++i)
                            found.push({
                                pitch: chord.notes[i].pitch,
                                start_beat: cursor.tick / division,
                                duration_beats: ticks / division,
                                velocity: 80,
                                part: staff
                            })
                    }
                    cursor.next()
                }
            }
        }
        return found
    }

    // Put notes of a staff into its first voice, a chord where some begin together.
    function write(staff, notes, end) {
        notes.sort(function (a, b) { return a.start_beat - b.start_beat || a.pitch - b.pitch })
        var cursor = curScore.newCursor()
        cursor.staffIdx = staff
        cursor.voice = 0
        for (var i = 0; i < notes.length; ++i) {
            var start = Math.round(notes[i].start_beat * 4) / 4
            var together = i > 0 && Math.round(notes[i - 1].start_beat * 4) / 4 === start
            cursor.rewind(0)
            while (cursor.segment && cursor.tick < start * division)
                if (!cursor.next()) break
            if (!cursor.segment) return
            if (!together) {
                var next = end
                for (var j = i + 1; j < notes.length; ++j) {
                    var other = Math.round(notes[j].start_beat * 4) / 4
                    if (other > start) { next = other; break }
                }
                var length = Math.max(Math.round(notes[i].duration_beats * 4) / 4, 0.25)
                // Up to the next note, as a score is written: MuseScore 3.2 lets plug-ins add no rests.
                length = Math.max(length, next - start)
                length = Math.min(length, next - start, 4)
                cursor.setDuration(Math.round(length * 4), 16)
            }
            if (!together) {
                cursor.addNote(notes[i].pitch)
            } else if (cursor.element && cursor.element.type === Element.CHORD) {
                var note = newElement(Element.NOTE)
                note.pitch = notes[i].pitch
                cursor.element.add(note)
            }
        }
    }

    function put(answer) {
        var made = answer.variations[0]
        curScore.startCmd()
        curScore.appendMeasures(bars)
        for (var staff = 0; staff < curScore.nstaves; ++staff)
            write(staff, made.music.notes.filter(function (note) { return note.part === staff }),
                  made.end_beat)
        curScore.endCmd()
    }

    onRun: {
        var request = new XMLHttpRequest()
        // MuseScore waits for it: a plug-in that comes back later finds its score changed.
        request.open("POST", address + "/v1/continue", false)
        request.setRequestHeader("Authorization", "Bearer " + token())
        request.setRequestHeader("Content-Type", "application/json")
        request.send(JSON.stringify({notes: notes(), settings: {bars: bars, grid: "beats"}}))
        if (request.status === 200)
            put(JSON.parse(request.responseText))
        else if (request.status === 0)
            console.log("composer: no server at " + address + "; composer serve --web")
        else
            console.log("composer: " + request.responseText)
        Qt.quit()
    }
}
