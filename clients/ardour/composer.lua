ardour {
	["type"] = "EditorAction",
	name = "composer: @VERB@",
	license = "Apache-2.0",
	author = "composer",
	description = [[composer writes in the MIDI region that is selected: @HELP@ One undo takes it back.]]
}

function factory () return function ()
	local VERB = "@VERB@"
	-- @include clip.lua

	local function say (text)
		if LuaDialog then
			LuaDialog.Message ("composer", text, LuaDialog.MessageType.Warning,
				LuaDialog.ButtonType.Close):run ()
		else
			print ("composer: " .. text)
		end
	end

	local function execute (command)
		local pipe = io.popen (command .. " 2>&1", "r")
		if not pipe then return nil end
		local said = pipe:read ("*a")
		pipe:close ()
		return said
	end

	local function beats (quarters) -- of Temporal.Beats, as a number
		local whole, ticks = tostring (quarters):match ("^(%-?%d+):(%-?%d+)$")
		return tonumber (whole) + tonumber (ticks) / Temporal.ticks_per_beat
	end

	local function to_beats (number)
		local ticks = math.floor (number * Temporal.ticks_per_beat + 0.5)
		return Temporal.Beats (ticks // Temporal.ticks_per_beat, ticks % Temporal.ticks_per_beat)
	end

	local selection = Editor:get_selection ()
	local region
	for one in selection.regions:regionlist ():iter () do
		if not one:to_midiregion ():isnil () then region = one:to_midiregion () break end
	end
	if not region then say ("select a MIDI region first") return end

	local map = Temporal.TempoMap.read ()
	local place = region:position ()
	local begin = beats (map:quarters_at (place))
	local source_offset = beats (region:start ():beats ())
	local whole = region:length ():ticks () / Temporal.ticks_per_beat
	local metre = map:meter_at (place)
	local clip = {
		bpm = map:tempo_at (place):quarter_notes_per_minute (),
		upper = metre:divisions_per_bar (), lower = metre:note_value (),
		length = whole, notes = {},
	}
	local range = selection.time
	if VERB ~= "continue" and range and not range:empty () then
		local from = beats (map:quarters_at (range:start_time ())) - begin
		local to = beats (map:quarters_at (range:end_time ())) - begin
		if to > 0 and from < whole then
			clip.selection = {math.max (from, 0), math.min (to, whole)}
		end
	end
	local model = region:midi_source (0):model ()
	local there = {}
	for note in ARDOUR.LuaAPI.note_list (model):iter () do
		local start = beats (note:time ()) - source_offset
		if start >= 0 and start < whole then
			table.insert (clip.notes, {pitch = note:note (), start = start,
				length = beats (note:length ()), velocity = note:velocity (),
				channel = note:channel () + 1})
		end
		table.insert (there, {note = note, start = start})
	end
	if #clip.notes == 0 then say ("the region has no notes") return end

	local notes, clear, finish = ask_composer (VERB, clip, execute)
	if not notes then say (clear) return end

	-- Ardour takes notes and a region's length only as two steps. A region that goes on gets its
	-- notes first, where nobody sees them, behind its end; then it gets longer. One undo takes that
	-- back, and what is left of an earlier one behind the end is taken out here.
	local longer = finish > whole + 1e-4
	clear = clear or {whole, longer and finish or whole}
	local command = model:new_note_diff_command (
		longer and "composer: notes behind the end" or "composer: " .. VERB)
	for _, one in ipairs (there) do
		if one.start >= clear[1] - 1e-4 and one.start < clear[2] - 1e-4 then
			command:remove (one.note)
		end
	end
	for _, one in ipairs (notes) do
		command:add (ARDOUR.LuaAPI.new_noteptr (one.channel - 1,
			to_beats (one.start + source_offset), to_beats (one.length), one.pitch, one.velocity))
	end
	model:apply_command (Session, command)
	if longer then
		Session:begin_reversible_command ("composer: " .. VERB)
		region:to_stateful ():clear_changes ()
		local ticks = math.floor ((begin + finish) * Temporal.ticks_per_beat + 0.5)
		region:set_length (place:distance (Temporal.timepos_t.from_ticks (ticks)))
		Session:add_stateful_diff_command (region:to_statefuldestructible ())
		Session:commit_reversible_command (nil)
	end
end end
