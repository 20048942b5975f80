-- composer: @VERB@. In the MIDI item that is selected, @HELP@ One undo takes it back.
-- Load it as a ReaScript: Actions, Show action list, New action, Load ReaScript.

local VERB = "@VERB@"
-- @include clip.lua

local function say (text)
	reaper.ShowMessageBox (text, "composer", 0)
end

local function execute (command)
	local said = reaper.ExecProcess (command, 120000)
	return said and said:gsub ("^%-?%d+\n?", "") or nil -- without the exit code
end

local function run ()
	local item = reaper.GetSelectedMediaItem (0, 0)
	local take = item and reaper.GetActiveTake (item)
	if not take or not reaper.TakeIsMIDI (take) then say ("Select a MIDI item first.") return end

	local begin = reaper.GetMediaItemInfo_Value (item, "D_POSITION")
	local seconds = reaper.GetMediaItemInfo_Value (item, "D_LENGTH")
	local first = reaper.TimeMap2_timeToQN (0, begin)
	local length = reaper.TimeMap2_timeToQN (0, begin + seconds) - first
	local upper, lower, bpm = reaper.TimeMap_GetTimeSigAtTime (0, begin)
	local function to_beat (ppq)
		return reaper.MIDI_GetProjQNFromPPQPos (take, ppq) - first
	end
	local function to_ppq (beat)
		return reaper.MIDI_GetPPQPosFromProjQN (take, first + beat)
	end

	local clip = {bpm = bpm, upper = upper, lower = lower, length = length, notes = {}}
	if VERB ~= "continue" then
		local from, to = reaper.GetSet_LoopTimeRange (false, false, 0, 0, false)
		if to > from and to > begin and from < begin + seconds then
			clip.selection = {math.max (reaper.TimeMap2_timeToQN (0, from) - first, 0),
				math.min (reaper.TimeMap2_timeToQN (0, to) - first, length)}
		end
	end
	local _, count = reaper.MIDI_CountEvts (take)
	for index = 0, count - 1 do
		local _, _, muted, start, finish, channel, pitch, velocity =
			reaper.MIDI_GetNote (take, index)
		if not muted then
			local at = to_beat (start)
			table.insert (clip.notes, {pitch = pitch, start = math.max (at, 0),
				length = to_beat (finish) - at, velocity = velocity, channel = channel + 1})
		end
	end
	if #clip.notes == 0 then say ("The item has no notes.") return end

	local notes, clear, finish = ask_composer (VERB, clip, execute)
	if not notes then say (clear) return end

	reaper.Undo_BeginBlock2 (0)
	reaper.PreventUIRefresh (1)
	if clear then
		for index = count - 1, 0, -1 do
			local _, _, _, start = reaper.MIDI_GetNote (take, index)
			local at = to_beat (start)
			if at >= clear[1] - 1e-4 and at < clear[2] - 1e-4 then
				reaper.MIDI_DeleteNote (take, index)
			end
		end
	end
	if finish > length + 1e-4 then
		-- Longer, without looping what is there.
		reaper.SetMediaItemInfo_Value (item, "B_LOOPSRC", 0)
		reaper.MIDI_SetItemExtents (item, first, first + finish)
	end
	for _, note in ipairs (notes) do
		reaper.MIDI_InsertNote (take, false, false, to_ppq (note.start),
			to_ppq (note.start + note.length), note.channel - 1, note.pitch, note.velocity, true)
	end
	reaper.MIDI_Sort (take)
	reaper.PreventUIRefresh (-1)
	reaper.UpdateItemInProject (item)
	reaper.Undo_EndBlock2 (0, "composer: " .. VERB, -1)
end

run ()
