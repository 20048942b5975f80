// composer in MuseScore: goes on from the score, or writes selected bars anew, or varies them.
//
// It needs `composer serve --web` on this computer, whose address is below, and reads the
// token that the server keeps in composer's state folder. Plugins, composer.
// One of the actions; the installer writes which, for each a plug-in of its own.

import QtQuick 2.9
import QtQuick.Dialogs 1.2
import MuseScore 3.0
import FileIO 3.0

MuseScore {
    menuPath: "Plugins.composer.@VERB@"
    description: "composer: @HELP@"
    version: "1.0"
    requiresScore: true

    property string verb: "@VERB@"
    property string address: "http://127.0.0.1:9180"
    property int bars: 4 // of a continuation
    property int sixteenth // in ticks

    FileIO {
        id: tokenFile
        onError: console.log("composer: " + msg)
    }

    MessageDialog {
        id: box
        title: "composer"
        onAccepted: Qt.quit()
        onRejected: Qt.quit()
    }

    function say(text) {
        console.log("composer: " + text)
        box.text = text
        box.open()
    }

    function token() {
        var places = [
            "/.local/state/composer/web-token",
            "/Library/Application Support/composer/web-token",
            "/AppData/Local/composer/web-token"
        ]
        for (var i = 0; i < places.length; ++i) {
            tokenFile.source = tokenFile.homePath() + places[i]
            if (tokenFile.exists())
                return tokenFile.read().trim()
        }
        return ""
    }

    // The score's bars: where each begins, in ticks, and where the last ends.
    function barLines() {
        var lines = []
        for (var bar = curScore.firstMeasure; bar; bar = bar.nextMeasure)
            lines.push(bar.firstSegment.tick)
        lines.push(curScore.lastSegment.tick)
        return lines
    }

    // What is selected: ticks and staves; null if nothing is, or only single notes.
    function selected(end) {
        var cursor = curScore.newCursor()
        cursor.rewind(1)
        if (!cursor.segment)
            return null
        var range = {from: cursor.tick, firstStaff: cursor.staffIdx}
        cursor.rewind(2)
        range.to = cursor.tick || end // up to the score's end, MuseScore says 0
        range.lastStaff = cursor.staffIdx
        return range
    }

    // Calls back with each chord of a staff's voices, or each rest.
    function each(type, staff, firstVoice, found) {
        for (var voice = firstVoice; voice < 4; ++voice) {
            var cursor = curScore.newCursor()
            cursor.staffIdx = staff
            cursor.voice = voice
            cursor.rewind(0)
            while (cursor.segment) {
                if (cursor.element && cursor.element.type === type)
                    found(cursor.element, cursor.tick)
                cursor.next()
            }
        }
    }

    // The notes of the score, in quarter notes, a part to a staff.
    function notes(pickup) {
        var found = []
        for (var staff = 0; staff < curScore.nstaves; ++staff) {
            each(Element.CHORD, staff, 0, function (chord, tick) {
                var ticks = (chord.actualDuration || chord.duration).ticks
                for (var i = 0; i < chord.notes.length; ++i) {
                    var start = (tick + pickup) / division
                    var before = chord.notes[i].tieBack && found.filter(function (note) {
                        return note.part === staff && note.pitch === chord.notes[i].pitch
                            && Math.abs(note.start_beat + note.duration_beats - start) < 1e-6
                    })[0]
                    if (before)
                        before.duration_beats += ticks / division
                    else
                        found.push({
                            pitch: chord.notes[i].pitch,
                            start_beat: start,
                            duration_beats: ticks / division,
                            velocity: 80,
                            part: staff
                        })
                }
            })
        }
        return found
    }

    // The instrument of each staff: 0 to 127, and 128 for drums.
    function programs() {
        var found = []
        for (var i = 0; i < curScore.parts.length; ++i) {
            var part = curScore.parts[i]
            for (var staff = part.startTrack / 4; staff < part.endTrack / 4; ++staff)
                found.push({program: part.hasDrumStaff ? 128 : Math.max(part.midiProgram, 0)})
        }
        return found
    }

    // Put a cursor on a tick; false if nothing begins there, and it is before it then.
    function seek(cursor, tick) {
        var last = -1
        cursor.rewind(0)
        while (cursor.segment && cursor.tick <= tick) {
            if (cursor.element)
                last = cursor.tick
            if (!cursor.next())
                break
        }
        cursor.rewind(0)
        while (cursor.segment && cursor.tick < last)
            cursor.next()
        return last === tick
    }

    // Split what is silent, so that something can begin at a tick: MuseScore 3.2 lets plug-ins
    // write no rests, but leaves one where it takes a note away.
    function reach(cursor, tick) {
        for (var tries = 0; tries < 64 && !seek(cursor, tick); ++tries) {
            var at = cursor.tick
            var length = 16
            while (length > 1 && (length > (tick - at) / sixteenth || at / sixteenth % length))
                length /= 2
            cursor.setDuration(length, 16)
            cursor.addNote(60)
            seek(cursor, at)
            removeElement(cursor.element)
        }
    }

    // Take the chords of some ticks away. Rests are left, in the first voice alone.
    function clear(staff, from, to) {
        var elements = []
        function collect(element, tick) {
            if (tick >= from && tick < to)
                elements.push(element)
        }
        each(Element.CHORD, staff, 0, collect)
        elements.forEach(function (chord) { removeElement(chord) })
        elements = []
        each(Element.REST, staff, 1, collect)
        elements.forEach(function (rest) { removeElement(rest) })
    }

    // Put notes {start, end, pitch}, in sixteenths, into a staff's first voice: chords where
    // several begin together, each up to the next if less than a beat is between.
    function write(staff, notes, end) {
        notes.sort(function (a, b) { return a.start - b.start || a.pitch - b.pitch })
        var cursor = curScore.newCursor()
        cursor.staffIdx = staff
        cursor.voice = 0
        for (var i = 0; i < notes.length; ++i) {
            if (i > 0 && notes[i].start === notes[i - 1].start) {
                var chord = cursor.element
                if (notes[i].pitch !== notes[i - 1].pitch && chord && chord.type === Element.CHORD) {
                    var note = newElement(Element.NOTE)
                    note.pitch = notes[i].pitch
                    chord.add(note)
                }
                continue
            }
            var next = end
            var stop = 0
            for (var j = notes.length - 1; j >= i; --j) {
                if (notes[j].start > notes[i].start)
                    next = notes[j].start
                else
                    stop = Math.max(stop, notes[j].end)
            }
            if (stop > next || next - stop < 4)
                stop = next
            reach(cursor, notes[i].start * sixteenth)
            cursor.setDuration(stop - notes[i].start, 16)
            cursor.addNote(notes[i].pitch)
            seek(cursor, notes[i].start * sixteenth)
        }
    }

    // Write the music of some ticks, in quarter notes, a part to a staff; one undo takes it back.
    function put(music, staves, from, to, pickup, added) {
        curScore.startCmd()
        if (added > 0)
            curScore.appendMeasures(added)
        for (var part = 0; part < staves.length; ++part) {
            if (staves[part] === null)
                continue
            if (verb !== "continue")
                clear(staves[part], from, to)
            var own = music.filter(function (note) { return note.part === part })
            own = own.map(function (note) {
                var start = Math.round(note.start_beat * 4) - pickup / sixteenth
                var length = Math.max(Math.round(note.duration_beats * 4), 1)
                return {pitch: note.pitch, start: start, end: start + length}
            }).filter(function (note) {
                return note.start * sixteenth >= from && note.start * sixteenth < to
            })
            write(staves[part], own, to / sixteenth)
        }
        curScore.endCmd()
    }

    function act() {
        sixteenth = division / 4
        var lines = barLines()
        var metre = lines.length > 2 ? curScore.firstMeasure.nextMeasure : curScore.firstMeasure
        var length = lines.length > 2 ? lines[2] - lines[1] : lines[1]
        var pickup = Math.max(length - lines[1], 0)
        var given = notes(pickup)
        var staves = []
        for (var i = 0; i < given.length; ++i)
            if (staves.indexOf(given[i].part) < 0)
                staves.push(given[i].part)
        staves.sort(function (a, b) { return a - b })
        var request = {
            notes: given,
            parts: programs(),
            metre: metre.timesigNominal.numerator + "/" + metre.timesigNominal.denominator,
            settings: {grid: "beats"}
        }
        var range = null
        if (verb === "continue") {
            request.settings.bars = bars
        } else {
            range = selected(lines[lines.length - 1])
            if (!range && verb === "fill")
                return say("select the bars that are to be written anew first")
            range = range || {from: 0, to: lines[lines.length - 1], firstStaff: 0,
                              lastStaff: curScore.nstaves - 1}
            for (var bar = 1; bar < lines.length - 2; ++bar)
                if (lines[bar + 1] - lines[bar] !== length)
                    return say("the bars are of several lengths; " + verb + " needs one")
            var first = 0
            while (lines[first + 1] <= range.from) ++first
            var last = first
            while (lines[last + 1] < range.to) ++last
            range.from = lines[first]
            range.to = lines[last + 1]
            request.bars = (first + 1) + "-" + (last + 1)
            request.settings.parts = []
            for (var part = 0; part < staves.length; ++part) {
                if (staves[part] >= range.firstStaff && staves[part] <= range.lastStaff)
                    request.settings.parts.push(part + 1)
                else
                    staves[part] = null // it stays as it is
            }
            if (!request.settings.parts.length)
                return say("there are no notes in the selected staves")
        }
        var http = new XMLHttpRequest()
        // MuseScore waits for it: a plug-in that comes back later finds its score changed.
        http.open("POST", address + "/v1/" + verb, false)
        http.setRequestHeader("Authorization", "Bearer " + token())
        http.setRequestHeader("Content-Type", "application/json")
        http.send(JSON.stringify(request))
        if (http.status === 0)
            return say("no server at " + address + "; start composer serve --web")
        if (http.status !== 200)
            return say(http.status === 401 ? "the server has another token; start it anew"
                                           : JSON.parse(http.responseText).error)
        var answer = JSON.parse(http.responseText)
        var made = answer.variations[0]
        if (verb === "continue") {
            var end = lines[lines.length - 1]
            var to = Math.round(made.end_beat * division) - pickup
            put(made.music.notes, staves, Math.round(answer.join_beat * division) - pickup, to,
                pickup, Math.ceil((to - end) / length))
        } else {
            put(made.music.notes.concat(made.given.notes), staves, range.from, range.to, pickup, 0)
        }
        Qt.quit()
    }

    onRun: act()
}
